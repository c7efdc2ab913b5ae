"""The addresses that SDKs send to: what each checks before it answers, and how it answers."""
