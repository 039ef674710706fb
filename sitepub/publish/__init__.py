"""Objects in the bucket: manifest, plan (pure), apply (the parallel engine), releases, lock."""
