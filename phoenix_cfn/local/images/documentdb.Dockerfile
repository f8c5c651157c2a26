# Stand-in for one Amazon DocumentDB cluster: MongoDB's protocol with TLS, SCRAM and a replica set rs0.
FROM phoenix-local/debian:bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*
COPY packages /opt/packages
COPY documentdb.py /opt/documentdb.py
ENV PYTHONPATH=/opt/packages
LABEL phoenix.stand-in=documentdb
ENTRYPOINT ["python3", "/opt/documentdb.py"]
