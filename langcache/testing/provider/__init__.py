"""An LLM provider to test against: OpenAI's and Anthropic's wire formats over real sockets."""

from langcache.testing.provider.script import Fault, Reply, ReplySource, Request, ToolCall
from langcache.testing.provider.server import Provider

__all__ = ["Fault", "Provider", "Reply", "ReplySource", "Request", "ToolCall"]
