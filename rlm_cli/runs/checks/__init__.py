"""What `rlm doctor` looks at: one file a subject. Each check tries the thing itself, and says what to do."""
