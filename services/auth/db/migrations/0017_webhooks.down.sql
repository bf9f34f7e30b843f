-- Endpoints, their secrets and what was not delivered yet are lost; the events stay.
drop table webhook_deliveries, webhook_endpoints;
