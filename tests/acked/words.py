"""words.py: what is sent, from a seed: client and checker make the same bytes of the same numbers.

A post is known by its writer and number; a change of it by the change's number too. The title names
both, the body is of a random kind of length and ends in a checksum of the rest.
"""
import json
import random
import zlib

SIZES = (1, 40, 40, 150, 150, 150, 1000, 5000, 20000)


def key(seed, writer, number):
    return f"{seed}-{writer}-{number}"


def content(seed, writer, number, change=0):
    """(title, body, author) of a post as created, or after a change."""
    rng = random.Random(f"{seed} {writer} {number} {change}")
    text = f"{rng.getrandbits(64):016x}" * (rng.choice(SIZES) // 16 + 1)
    return (f"{seed} {writer} {number} {change}", f"{text}{zlib.crc32(text.encode()):08x}", f"writer {writer}")


def body(seed, writer, number, change=0):
    title, text, author = content(seed, writer, number, change)
    return json.dumps({"title": title, "body": text, "author": author}).encode()


def of_title(title):
    """(seed, writer, number, change) as integers; None: not one of ours."""
    words = title.split()
    return tuple(map(int, words)) if len(words) == 4 and all(w.isdigit() for w in words) else None


def same(reply, seed, writer, number, change=0):
    """Whether a reply's JSON tells the post as it was sent."""
    try:
        post = json.loads(reply)
    except ValueError:
        return False
    return (post.get("title"), post.get("body"), post.get("author")) == content(seed, writer, number, change)
