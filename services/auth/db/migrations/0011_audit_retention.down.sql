drop function audit_drop_before(uuid);
