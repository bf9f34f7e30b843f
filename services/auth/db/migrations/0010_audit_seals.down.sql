drop table audit_seals;
drop table audit_keys;
