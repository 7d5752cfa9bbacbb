# One image, two programs: the gateway (the default) and, for trying it out, `node dist/sandbox/main.js`.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src src
RUN npx nest build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# The embedded database; not used where DATABASE_URL is set.
RUN mkdir -m 700 /data && chown 1000:1000 /data
VOLUME /data
# A number, not the name `node`: Kubernetes' runAsNonRoot cannot look names up.
USER 1000
EXPOSE 4000
# Node itself, not npm: it gets the signals, and answers what is under way before it leaves.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=16", "dist/main.js"]
