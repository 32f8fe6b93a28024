# onshi-mock in an image without shell or package manager. State and certificates live under /data; nothing else is written.
# Build:                  docker build -t onshi-mock .
# For another platform:   docker build --platform linux/arm64 -t onshi-mock .      (compiled across on the builder's own platform; no emulation)

FROM --platform=$BUILDPLATFORM rust:1.95-bookworm AS build
WORKDIR /build
# The compiler's name for the platform, and a C compiler and the standard library for it where it is not the builder's own.
ARG TARGETARCH
RUN set -eu; own=$(dpkg --print-architecture); arch=${TARGETARCH:-$own}; \
    case "$arch" in amd64) cpu=x86_64 ;; arm64) cpu=aarch64 ;; *) echo "no such platform: $arch" >&2; exit 1 ;; esac; \
    echo "$cpu-unknown-linux-gnu" > target-triple; \
    if [ "$arch" != "$own" ]; then \
      apt-get update -qq; apt-get install -y -qq --no-install-recommends "gcc-$cpu-linux-gnu" "libc6-dev-$arch-cross"; \
      rustup target add "$(cat target-triple)"; \
      printf '[target.%s]\nlinker = "%s-linux-gnu-gcc"\n' "$(cat target-triple)" "$cpu" > /usr/local/cargo/config.toml; \
    fi
# The C library is linked in: the image needs none, and is smaller by it.
ENV RUSTFLAGS="-C target-feature=+crt-static"
# The dependencies in a layer of their own: they are built again only when Cargo.toml or Cargo.lock changes.
COPY Cargo.toml Cargo.lock ./
COPY crates/core/Cargo.toml crates/core/
RUN mkdir -p src crates/core/src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs crates/core/src/lib.rs \
    && cargo build --profile dist --locked --all-features --target "$(cat target-triple)" \
    && rm -r src crates && find target \( -name '*onshi[_-]mock*' -o -name '*onshi[_-]core*' \) -prune -exec rm -r {} +
COPY templates templates
COPY crates crates
COPY fixtures fixtures
COPY src src
# Directories that volumes take their owner from: /data for the server's state; /ca for the CA alone (ONSHI_CA_OUT=/ca/ca.pem), to be shared with clients;
# /state and /oqs for the simulated terminal.
RUN cargo build --profile dist --locked --all-features --target "$(cat target-triple)" \
    && mkdir -p root/data root/ca root/state root/oqs && cp "target/$(cat target-triple)/dist/onshi-mock" onshi-mock

FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=dev
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="onshi-mock" \
      org.opencontainers.image.description="A rehearsal of Japan's online insurance qualification check: a terminal that installed an update but was not restarted refuses every check until its restart" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE"
COPY --from=build /build/onshi-mock /onshi-mock
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
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s CMD ["/onshi-mock", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/onshi-mock"]
CMD ["serve"]
