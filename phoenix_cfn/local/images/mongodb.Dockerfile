# One Amazon DocumentDB cluster, as MongoDB: TLS, password and a replica set rs0.
FROM public.ecr.aws/docker/library/mongo:7
COPY mongodb.sh /opt/mongodb.sh
LABEL phoenix.stand-in=documentdb
ENTRYPOINT ["bash", "/opt/mongodb.sh"]
