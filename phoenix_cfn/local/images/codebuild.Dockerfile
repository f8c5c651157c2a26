# Stand-in for aws/codebuild/standard: a Docker engine of its own (where the build is privileged), git and the AWS CLI.
FROM phoenix-local/debian:bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends \
      ca-certificates curl docker.io git iptables jq python3 unzip zip && rm -rf /var/lib/apt/lists/*
COPY packages /opt/packages
RUN printf '#!/bin/sh\nPYTHONPATH=/opt/packages exec python3 -m awscli "$@"\n' > /usr/local/bin/aws && chmod +x /usr/local/bin/aws
# Docker 28 of the real image always builds with BuildKit.
ENV DOCKER_BUILDKIT=1
LABEL phoenix.stand-in=codebuild
CMD ["bash"]
