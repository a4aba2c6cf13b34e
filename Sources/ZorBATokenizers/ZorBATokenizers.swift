// Landing soon.
