# syntax=docker/dockerfile:1
# evenkeel in an image without a shell:
#   docker build --build-arg REVISION=$(git rev-parse --short HEAD) -t evenkeel .

# The compiler runs on the machine that builds and writes for the one that is asked for.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
# .git is no part of the context: what a commit is called comes from outside.
ARG REVISION=unknown
ARG TARGETOS TARGETARCH TARGETVARIANT
# The Makefile knows the flags; the version is in the file VERSION.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH GOARM=${TARGETVARIANT#v} make build REVISION=$REVISION
# A volume that is mounted here takes over who owns it.
RUN mkdir -p /out/state

# It holds the certificates of public authorities (for token endpoints and AWS) and a user;
# time zones are in the binary.
FROM gcr.io/distroless/static-debian12:nonroot
ARG REVISION=unknown
ARG VERSION=unknown
LABEL org.opencontainers.image.title="evenkeel" \
      org.opencontainers.image.description="Watches Kafka clusters and ZooKeeper ensembles, for Prometheus and for people" \
      org.opencontainers.image.source="https://github.com/evenkeel/evenkeel" \
      org.opencontainers.image.documentation="https://github.com/evenkeel/evenkeel/blob/main/docs/install.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /src/bin/evenkeel /usr/bin/evenkeel
COPY --from=build /src/LICENSE /usr/share/doc/evenkeel/LICENSE
COPY --from=build --chown=65532:65532 /out/state /var/lib/evenkeel
# A number, so that Kubernetes can tell that it is not root. Nothing is written outside of
# /var/lib/evenkeel, and there only where state_file says so: the root may be read-only.
USER 65532:65532
EXPOSE 9308
# No HEALTHCHECK: there is no shell and no client in here that could ask /-/healthy, and
# `evenkeel check` tells of Kafka's health, for which nobody should restart evenkeel.
ENTRYPOINT ["/usr/bin/evenkeel"]
