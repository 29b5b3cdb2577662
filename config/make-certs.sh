#!/bin/sh
# Makes a CA and certificates for trying out a cluster with TLS:
#   config/make-certs.sh DIR [NAME...]        (names: head and node, if none are given)
# writes DIR/ca.pem and, for each NAME, DIR/NAME.pem and DIR/NAME.key. A second run with other names
# uses the same CA. Then, on every machine (copy ca.pem there, but not ca.key):
#   penstock serve --listen 0.0.0.0:7117 --tls-cert DIR/head.pem --tls-key DIR/head.key --tls-ca DIR/ca.pem
#   penstock node --head HEAD:7117 --tls-cert DIR/node.pem --tls-key DIR/node.key --tls-ca DIR/ca.pem
# Every holder of a certificate of this CA can submit, read and cancel all jobs: there are no roles. Do not
# store ca.key on the machines of the cluster. For more than trials use a CA with proper administration.
set -eu
umask 077
dir=${1:?"usage: $0 DIR [NAME...]"}
shift
[ $# -gt 0 ] || set -- head node
days=${PENSTOCK_CERT_DAYS:-365}
mkdir -p "$dir"
cd "$dir"

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

if [ ! -f ca.key ]; then
  key ca.key
  openssl req -x509 -new -key ca.key -sha256 -days "$days" -subj "/CN=penstock test CA" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem
fi
for name; do
  case $name in ca|*/*|-*) echo "$0: $name cannot be a name" >&2; exit 2 ;; esac
  extensions=$(mktemp)
  printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n' >"$extensions"
  key "$name.key"
  openssl req -new -key "$name.key" -subj "/CN=$name" |
    openssl x509 -req -sha256 -days "$days" -CA ca.pem -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" \
      -extfile "$extensions" -out "$name.pem" 2>/dev/null
  rm -f "$extensions"
  echo "$dir/$name.pem"
done
