# Stand-in for an official node image (Debian variant), for machines that reach no image registry.
FROM phoenix-local/debian:bookworm
COPY host-ca.crt /usr/local/share/host-ca.crt
COPY node/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/host-ca.crt
LABEL phoenix.stand-in=node
CMD ["node"]
