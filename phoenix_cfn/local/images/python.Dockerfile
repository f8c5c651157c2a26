# Stand-in for an official python image, for machines that reach no image registry: Debian's Python, whatever the tag.
FROM phoenix-local/debian:bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates python3 python3-pip python3-venv \
 && rm -rf /var/lib/apt/lists/* /usr/lib/python3*/EXTERNALLY-MANAGED && ln -s python3 /usr/bin/python
COPY host-ca.crt /usr/local/share/host-ca.crt
ENV PIP_CERT=/usr/local/share/host-ca.crt
LABEL phoenix.stand-in=python
CMD ["python3"]
