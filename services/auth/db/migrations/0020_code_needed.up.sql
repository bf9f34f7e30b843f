-- Which migrations a version of the code has to know to run on this schema. A migration that only adds is named here by
-- nobody: older code goes on, and starts. One that takes away what older code uses (the last step of expand → migrate →
-- contract) inserts the name of the one from which on code does without, and takes the row back in its way down.
create table code_needed (
  migration text collate "C" primary key
);
