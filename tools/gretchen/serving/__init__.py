"""Talking to trained models: the same question to several, a chat, the course's questions as a table."""
