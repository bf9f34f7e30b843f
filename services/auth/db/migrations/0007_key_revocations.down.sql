delete from revocations where kind = 'key';
alter table revocations drop constraint revocations_kind_check;
alter table revocations add constraint revocations_kind_check check (kind in ('session', 'user'));
