# syntax=docker/dockerfile:1
# The image of a release: goreleaser lays the binaries that it has built, and checksummed, into
# the context. The last stage of the Dockerfile at the root; a test holds that they agree.
FROM --platform=$BUILDPLATFORM busybox:1.37 AS state
# A volume that is mounted here takes over who owns it.
RUN mkdir /state

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
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/evenkeel /usr/bin/evenkeel
COPY LICENSE /usr/share/doc/evenkeel/LICENSE
COPY --from=state --chown=65532:65532 /state /var/lib/evenkeel
# A number, so that Kubernetes can tell that it is not root. Nothing is written outside of
# /var/lib/evenkeel, and there only where state_file says so: the root may be read-only.
USER 65532:65532
EXPOSE 9308
# No HEALTHCHECK: there is no shell and no client in here that could ask /-/healthy, and
# `evenkeel check` tells of Kafka's health, for which nobody should restart evenkeel.
ENTRYPOINT ["/usr/bin/evenkeel"]
