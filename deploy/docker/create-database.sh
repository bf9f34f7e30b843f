#!/bin/bash
# Run once by the postgres image, on an empty data directory: the role that migrates and owns, the role that
# serves (it gets no more than the rights of pi_app), and the database.
set -euo pipefail

psql --set=ON_ERROR_STOP=1 --username postgres --dbname postgres \
  --set=owner_password="$(cat /secrets/database/owner.password)" \
  --set=service_password="$(cat /secrets/database/service.password)" <<'SQL'
CREATE ROLE pi_owner LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE ROLE pi_service LOGIN PASSWORD :'service_password';
CREATE DATABASE pi OWNER pi_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE pi FROM PUBLIC;
GRANT CONNECT ON DATABASE pi TO pi_service;
SQL
