drop table pending_registrations;
drop table known_networks;
drop table users;
