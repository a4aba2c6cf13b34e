"""Follows a `run.zorba` (docs/journal-format.md), and notices when it does not only grow."""

import hashlib

PREAMBLE = 12
PREFIX = 8
CHAIN = 16
ROUND = 2


def varint(payload):
    value = shift = 0
    for byte in payload:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value
    raise ValueError("an unfinished number")


class Journal:
    """One journal file. Whole records count; the beginning of one at the end is not looked at."""

    def __init__(self, path):
        self.path = path
        self.faults = []
        self.forget()

    def forget(self):
        self.offset, self.round, self.chain, self.marks = 0, 0, None, []

    def update(self):
        """Reads what was added, checking every chain value; returns the last round."""
        try:
            with open(self.path, "rb") as file:
                if self.offset:
                    file.seek(self.offset - CHAIN)
                    if file.read(CHAIN) != self.chain:
                        self.faults.append(
                            f"what ended at byte {self.offset} with round {self.round} is gone")
                        self.forget()
                file.seek(self.offset)
                data = file.read()
        except FileNotFoundError:
            if self.offset:
                self.faults.append(f"the journal with round {self.round} is gone")
                self.forget()
            return self.round
        self.take(data)
        return self.round

    def take(self, data):
        place = 0
        if not self.offset:
            if len(data) < PREAMBLE:
                return
            self.chain = hashlib.sha256(b"zorba/1/journal" + data[:PREAMBLE]).digest()[:CHAIN]
            place = PREAMBLE
        base = self.offset
        while place + PREFIX <= len(data):
            start = data[place:place + 4]
            link = hashlib.sha256(b"zorba/1/link" + self.chain + start).digest()[:4]
            end = place + PREFIX + int.from_bytes(start[1:], "little") + CHAIN
            if data[place + 4:place + PREFIX] != link:
                # A record that is being taken back is looked at again the next time.
                break
            if end > len(data):
                break
            payload = data[place + PREFIX:end - CHAIN]
            chain = hashlib.sha256(b"zorba/1/record" + self.chain + start + payload)
            if data[end - CHAIN:end] != chain.digest()[:CHAIN]:
                break
            self.chain = data[end - CHAIN:end]
            self.offset = base + end
            if start[0] == ROUND:
                self.round = varint(payload)
            place = end

    def mark(self):
        """Notes the present end; what is noted must be found in the journal at the end."""
        self.update()
        if self.offset:
            self.marks.append((self.offset, self.chain, self.round))


def missing(marks, final):
    """The marks that are not in a journal's bytes."""
    return [mark for mark in marks if final[mark[0] - CHAIN:mark[0]] != mark[1]]
