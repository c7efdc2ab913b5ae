-- The fingerprint that an error has without its source map, or by an older method of grouping; zeros where it has no
-- other. By it the state finds the issue that such an error was in before, and keeps it one issue.
ALTER TABLE events ADD COLUMN IF NOT EXISTS former_fingerprint UUID CODEC(ZSTD(1));
