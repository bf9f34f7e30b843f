drop table code_needed;
