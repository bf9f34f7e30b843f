# The entrance: nginx without root, its configuration made at the build from deploy/nginx. Everything it writes
# goes to /tmp, which is memory; change a build argument in .env and run `docker compose up --build` again.

FROM node:26-slim AS render
WORKDIR /app
COPY . .
ARG GATEWAY_ADDRESS
ARG TRUSTED_PROXIES=
ARG TLS=off
RUN node deploy/nginx/render-entry.ts > nginx.conf

FROM nginx:stable
WORKDIR /app
COPY --from=render /app/nginx.conf ./
COPY deploy/nginx/snippets deploy/nginx/snippets
USER nginx
EXPOSE 8080 8443
STOPSIGNAL SIGQUIT
ENTRYPOINT []
CMD ["nginx", "-e", "stderr", "-p", "/tmp", "-c", "/app/nginx.conf"]
