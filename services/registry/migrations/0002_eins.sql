-- An employer that is added by hand joins the one that has its EIN already (commands/adding.py).
CREATE INDEX supplement_ein ON supplement (ein) WHERE ein IS NOT NULL;
