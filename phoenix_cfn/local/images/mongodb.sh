#!/bin/bash
# MongoDB in place of DocumentDB: the replica set rs0 of one member, under the endpoint's name, with one master user.
# Certificate and key lie in /tls/server.pem, their authority in /tls/ca.pem; without them there is no TLS.
set -euo pipefail
options=(--replSet rs0 --port "$PORT" --dbpath /data/db --keyFile /data/keyfile --wiredTigerCacheSizeGB 0.25 --quiet)

# The member is known by the endpoint's name, which clients connect to; here it leads to this container.
echo "127.0.0.1 $ENDPOINT" >> /etc/hosts
mkdir -p /data/db

if [[ ! -e /data/keyfile ]]; then
  (umask 077 && head -c 512 /dev/urandom | base64 > /data/keyfile)
  # On the loopback interface only, until the master user exists: no client gets in before.
  mongod "${options[@]}" --bind_ip 127.0.0.1 --fork --logpath /data/first.log
  mongosh --quiet --port "$PORT" --eval '
    rs.initiate({_id: "rs0", members: [{_id: 0, host: process.env.ENDPOINT + ":" + process.env.PORT}]});
    while (!db.hello().isWritablePrimary) sleep(50);
    db.getSiblingDB("admin").createUser({
      user: process.env.USERNAME, pwd: process.env.PASSWORD, roles: ["root"],
      mechanisms: ["SCRAM-SHA-1", "SCRAM-SHA-256"],
    });'
  mongod --dbpath /data/db --shutdown
fi

if [[ -e /tls/server.pem ]]; then
  options+=(--tlsMode requireTLS --tlsCertificateKeyFile /tls/server.pem --tlsCAFile /tls/ca.pem
    --tlsAllowConnectionsWithoutCertificates)
fi
exec mongod "${options[@]}" --bind_ip_all
