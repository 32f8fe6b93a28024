# syntax=docker/dockerfile:1
# onshi-mock in an image without shell or package manager. State and certificates live under /data; nothing else is written.
# Build: docker build -t onshi-mock .            (for another platform: --platform linux/arm64)

FROM rust:1.95-bookworm AS build
WORKDIR /build
# The dependencies in a layer of their own: they are built again only when Cargo.toml or Cargo.lock changes.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && cargo build --release --locked \
    && rm -r src target/release/onshi-mock target/release/deps/*onshi_mock* target/release/.fingerprint/onshi-mock-*
COPY askama.toml ./
COPY fixtures fixtures
COPY src src
# Directories that volumes take their owner from: state of the server, state and linkage folder of the simulated terminal.
RUN cargo build --release --locked && mkdir -p root/data root/state root/oqs

FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="onshi-mock" \
      org.opencontainers.image.description="A rehearsal of Japan's online insurance qualification check: a terminal that installed an update but was not restarted refuses every check until its restart" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /build/target/release/onshi-mock /onshi-mock
COPY --from=build --chown=65532:65532 /build/root/ /
# Inside the container it listens on all addresses; publish the ports on the host's loopback only: -p 127.0.0.1:8443:8443.
ENV ONSHI_BACKEND_ADDR=0.0.0.0:8443 \
    ONSHI_CONTROL_ADDR=0.0.0.0:8444 \
    ONSHI_CERTS=/data/certs \
    ONSHI_STORE=sqlite:/data/onshi-mock.db
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8443 8444
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=1s CMD ["/onshi-mock", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/onshi-mock"]
CMD ["serve"]
