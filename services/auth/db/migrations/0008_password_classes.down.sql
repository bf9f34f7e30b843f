drop index users_password_class;
drop function password_class(text);
