# One image, two programs: the gateway (the default) and, for trying it out, `node dist/sandbox/main.js`.
#
# NODE_IMAGE takes a digest as well, so that a build is made of the same bytes each time:
#   docker build --build-arg NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim@sha256:… .
ARG NODE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src src
RUN npx nest build && chmod +x dist/cli.js
# What is left is what runs. TypeScript stays only as an optional peer of @nestjs/swagger, which asks for it when it is built with.
RUN npm prune --omit=dev --no-audit --no-fund && rm -rf node_modules/typescript node_modules/.bin
# npm's --omit=dev leaves out of the bill whatever a development package needs as well, so those are struck first.
RUN npm pkg delete devDependencies && npm sbom --sbom-format=cyclonedx --sbom-type=application > sbom.cdx.json

FROM ${NODE_IMAGE}
ARG NODE_IMAGE
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="image-gateway" \
      org.opencontainers.image.description="One address for Recraft's pictures: OpenAI's images API and Recraft's own." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${NODE_IMAGE}"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json /app/sbom.cdx.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# /data is the embedded database's; it is not used where DATABASE_URL is set. `image-gateway migrate` is a command.
RUN mkdir -m 700 /data && chown 1000:1000 /data && ln -s /app/dist/cli.js /usr/local/bin/image-gateway
VOLUME /data
# A number, not the name `node`: Kubernetes' runAsNonRoot cannot look names up. Only /tmp has to be writable beside /data.
USER 1000:1000
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/liveliness`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, not npm: it gets the signals, and answers what is under way before it leaves.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=16", "dist/main.js"]
