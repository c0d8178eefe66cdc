package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"

	"github.com/evenkeel/evenkeel/alerts"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/exporter"
)

// shutdownTimeout is what scrapes under way are given when evenkeel stops.
const shutdownTimeout = 5 * time.Second

func runServe(cfg *config.Config, load func() (*config.Config, error), o *options, log *slog.Logger) int {
	if err := web.Validate(*o.web.WebConfigFile); err != nil {
		return fail(exitMistake, fmt.Errorf("--web.config.file: %w", err))
	}
	e, err := exporter.New(cfg, exporter.Options{
		Load: load, EnableLifecycle: o.enableLifecycle, Authenticates: authenticates(*o.web.WebConfigFile), Version: version.Version, Logger: log,
	})
	if err != nil {
		return fail(exitMistake, err)
	}
	log.Info("Starting evenkeel", "version", version.Info(), "clusters", len(cfg.Clusters))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	server := e.Server(exporter.DefaultLimits)
	listening := make(chan error, 1)
	go func() { listening <- web.ListenAndServe(server, o.web, log) }()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	polled := make(chan struct{})
	go func() { e.Run(ctx); close(polled) }()

	for {
		select {
		case <-hangups:
			_ = e.Reload() // it logs what is wrong, and the old configuration stays
		case err := <-listening:
			stop()
			<-polled
			return fail(1, fmt.Errorf("web server: %w", err))
		case <-ctx.Done():
			log.Info("Stopping evenkeel")
			shutdown(server, log)
			<-polled
			return 0
		}
	}
}

// shutdown lets the scrapes under way end.
func shutdown(server *http.Server, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
		log.Warn("Web server did not stop in time", "err", err)
	}
}

func runCheck(cfg *config.Config, o *options, log *slog.Logger) int {
	if o.checkOutput != "text" && o.checkOutput != "json" {
		return fail(exitCheckMistake, fmt.Errorf("--output: %q is neither text nor json", o.checkOutput))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	verdict, err := exporter.Check(ctx, cfg, exporter.CheckOptions{
		Clusters: o.checkClusters, JSON: o.checkOutput == "json", Restart: o.checkRestart.id,
		Colour: coloured(os.Stdout), Out: os.Stdout, Logger: log,
	})
	if err != nil {
		return fail(exitCheckMistake, err)
	}
	return int(verdict)
}

// coloured says whether colours are for a person at a terminal who has not asked for none
// (https://no-color.org).
func coloured(out *os.File) bool {
	info, err := out.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// brokerFlag is the id of a broker; nil when it was not given.
type brokerFlag struct{ id *int32 }

// String implements kingpin.Value.
func (f *brokerFlag) String() string {
	if f.id == nil {
		return ""
	}
	return strconv.Itoa(int(*f.id))
}

// Set implements kingpin.Value.
func (f *brokerFlag) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not the id of a broker, such as 7", text)
	}
	f.id = new(int32)
	*f.id = int32(n)
	return nil
}

// authenticates returns what tells whether the web configuration of now, which is read
// anew for every request, lets nobody in who is not known.
func authenticates(file string) func() (bool, error) {
	return func() (bool, error) {
		if file == "" {
			return false, nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		var c web.Config
		if err := yaml.Unmarshal(data, &c); err != nil {
			return false, err
		}
		clients := c.TLSConfig.ClientAuth
		return len(c.Users) > 0 || clients == "RequireAndVerifyClientCert", nil
	}
}

func runConfigCheck(file string) int {
	cfg, err := config.Load(file)
	if err == nil {
		err = exporter.CheckAlerts(cfg)
	}
	if err != nil {
		return fail(exitMistake, err)
	}
	fmt.Printf("%s is valid: %d cluster(s)\n", file, len(cfg.Clusters))
	return 0
}

// runRules writes the alert rules into a directory, or prints them as one file.
func runRules(directory string) int {
	if directory == "" {
		text, err := alerts.Joined()
		if err != nil {
			return fail(1, err)
		}
		fmt.Print(string(text))
		return 0
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fail(1, fmt.Errorf("--output: %w", err))
	}
	for _, f := range alerts.Files() {
		path := filepath.Join(directory, "evenkeel-"+f.Name)
		if err := os.WriteFile(path, f.Content, 0o644); err != nil {
			return fail(1, fmt.Errorf("--output: %w", err))
		}
		fmt.Println(path)
	}
	return 0
}
