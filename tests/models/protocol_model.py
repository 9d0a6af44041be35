#!/usr/bin/env python3
"""Exhaustive crash model of vecdb's file protocol, with its real folders.

tests/unit/catalog/protocol_model_test.cc is the same model in C++; change both, and then the code.

File system (adversarial, weaker than ext4 data=ordered):
 - data written to a file is volatile until the file is synced; at a crash each pending write may be
   absent, present or torn (it fails its checksum)
 - a folder's operations are volatile until that folder is synced; at a crash any subset of the pending
   ones may have reached the disk, whatever their order. A rename between two folders is one operation
   in each.
At every crash point all combinations are enumerated; recovery must succeed and show everything that
was acknowledged. Exits non-zero when the full protocol violates that, or when a barrier is not needed.
"""
import itertools
import sys

BARRIERS = {
    "B1": "file of a segment, before its rename",
    "B2": "the segment's own folder, before its rename",
    "B2s": "segments/, after a segment's rename, before the edit",
    "B2f": "segments/<id>/, after a file is added, before the edit",
    "B3": "manifest, before what an edit says is relied on",
    "B4": "a manifest's snapshot, before CURRENT names it",
    "B5": "the root, before CURRENT is renamed",
    "B6": "tmp/CURRENT, before its rename",
    "B7": "the root, after CURRENT's rename",
    "B8": "a log's header, before an edit names the log",
    "B9": "wal/<pchannel>/, before an edit names the log",
    "B9w": "wal/, when a pchannel's folder is born",
    "B10": "log, before a write is acknowledged",
    "F1": "tmp/FORMAT, before its rename",
    "F2": "the root, after FORMAT's rename",
}


class Script:
    """The operations of one run; barriers in `skip` are left out."""

    def __init__(self, skip):
        self.skip = skip
        self.ops = []

    def do(self, *ops):
        self.ops += ops

    def sync(self, barrier, path):
        if barrier not in self.skip:
            self.ops.append(("sync", path))

    def sync_folder(self, barrier, path):
        if barrier not in self.skip:
            self.ops.append(("syncdir", path))

    def log(self, path):
        self.do(("create", path), ("append", path, "HEADER"))
        self.sync("B8", path)
        self.sync_folder("B9", path.rsplit("/", 1)[0])

    def edit(self, manifest, *operations):
        self.do(("append", manifest, operations))
        self.sync("B3", manifest)

    def write(self, log, row):
        self.do(("append", log, row))
        self.sync("B10", log)
        self.do(("ack", row))

    def manifest(self, path, snapshot):
        self.do(("create", path), ("append", path, snapshot))
        self.sync("B4", path)
        self.sync_folder("B5", "")
        self.do(("create", "tmp/CURRENT"), ("append", "tmp/CURRENT", path))
        self.sync("B6", "tmp/CURRENT")
        self.do(("rename", "tmp/CURRENT", "CURRENT"))
        self.sync_folder("B7", "")


def script(skip):
    s = Script(skip)
    # creation
    s.do(("mkdir", "tmp"), ("mkdir", "segments"), ("mkdir", "wal"), ("mkdir", "wal/0"))
    s.sync_folder("B9w", "wal")
    s.log("wal/0/1")
    s.manifest("M1", (("log", "wal/0/1"),))
    s.do(("create", "tmp/FORMAT"), ("append", "tmp/FORMAT", "FORMAT"))
    s.sync("F1", "tmp/FORMAT")
    s.do(("rename", "tmp/FORMAT", "FORMAT"))
    s.sync_folder("F2", "")
    # a collection, writes, another log
    s.edit("M1", ("collection",))
    s.do(("ack", "collection"))
    s.write("wal/0/1", (0, 1))
    s.write("wal/0/1", (0, 2))
    s.log("wal/0/2")
    s.edit("M1", ("log", "wal/0/2"))
    s.write("wal/0/2", (0, 3))
    # another pchannel
    s.do(("mkdir", "wal/1"))
    s.sync_folder("B9w", "wal")
    s.log("wal/1/1")
    s.edit("M1", ("log", "wal/1/1"))
    s.write("wal/1/1", (1, 1))
    # a segment of rows 1 and 2
    s.do(("mkdir", "tmp/7"), ("create", "tmp/7/data"), ("append", "tmp/7/data", "ROWS"))
    s.sync("B1", "tmp/7/data")
    s.sync_folder("B2", "tmp/7")
    s.do(("rename", "tmp/7", "segments/7"))
    s.sync_folder("B2s", "segments")
    s.edit("M1", ("file", "segments/7/data", "ROWS"), ("checkpoint", 0, 2), ("unlog", "wal/0/1"))
    s.do(("unlink", "wal/0/1"))
    s.write("wal/0/2", (0, 4))
    # its deletes
    s.do(("create", "tmp/deletes"), ("append", "tmp/deletes", "DELETES"))
    s.sync("B1", "tmp/deletes")
    s.do(("rename", "tmp/deletes", "segments/7/deletes"))
    s.sync_folder("B2f", "segments/7")
    s.edit("M1", ("file", "segments/7/deletes", "DELETES"))
    # another manifest
    s.manifest("M2", (("collection",), ("log", "wal/0/2"), ("log", "wal/1/1"), ("checkpoint", 0, 2),
                      ("file", "segments/7/data", "ROWS"), ("file", "segments/7/deletes", "DELETES")))
    s.do(("unlink", "M1"))
    s.edit("M2", ("note",))
    s.write("wal/0/2", (0, 5))
    s.write("wal/1/1", (1, 2))
    return s.ops


def parent(path):
    folder, _, name = path.rpartition("/")
    return folder, name


class Disk:
    """What is durable, what is live, and what lies between. A node is a number; a folder's node maps
    names to nodes, a file's node is a list of records (None = torn or never written)."""

    def __init__(self):
        self.nodes = {0: {}}
        self.live = {0: {}}
        self.data = []  # (node, record)
        self.names = []  # (folder node, name, node or None)

    def find(self, path):
        at = 0
        for part in path.split("/") if path else []:
            at = self.live[at][part]
        return at

    def name(self, path, node):
        folder, name = parent(path)
        at = self.find(folder)
        if node is None:
            del self.live[at][name]
        else:
            self.live[at][name] = node
        self.names.append((at, name, node))

    def run(self, op):
        kind, path = op[0], op[1]
        if kind in ("create", "mkdir"):
            node = len(self.nodes)
            self.nodes[node] = {} if kind == "mkdir" else []
            self.live[node] = {} if kind == "mkdir" else None
            self.name(path, node)
        elif kind == "append":
            self.data.append((self.find(path), op[2]))
        elif kind == "sync":
            node = self.find(path)
            self.nodes[node] = self.nodes[node] + [r for n, r in self.data if n == node]
            self.data = [x for x in self.data if x[0] != node]
        elif kind == "syncdir":
            node = self.find(path)
            self.nodes[node] = dict(self.live[node])
            self.names = [x for x in self.names if x[0] != node]
        elif kind == "rename":
            node = self.find(path)
            self.name(op[2], node)
            self.name(path, None)
        elif kind == "unlink":
            self.name(path, None)

    def images(self):
        """Recovery never looks into tmp/, so its names are not varied."""
        tmp = self.live[0].get("tmp")
        pending = [x for x in self.names if x[0] != tmp]
        for names in itertools.product((0, 1), repeat=len(pending)):
            for data in itertools.product((0, 1, 2), repeat=len(self.data)):
                image = {n: v.copy() for n, v in self.nodes.items()}
                for chosen, (folder, name, node) in zip(names, pending):
                    if chosen and node is None:
                        image[folder].pop(name, None)
                    elif chosen:
                        image[folder][name] = node
                for chosen, (node, record) in zip(data, self.data):
                    image[node].append(record if chosen == 1 else None)
                yield image


def read(image, path):
    """The node at a path of an image; None when it is missing."""
    at = 0
    for part in path.split("/") if path else []:
        at = image[at].get(part)
        if at is None:
            return None
    return image[at]


def valid(records):
    """Records up to the first that is torn or was never written."""
    return list(itertools.takewhile(lambda r: r is not None, records))


def without_format(image):
    """A creation cut short, or a database that lost FORMAT?"""
    current = read(image, "CURRENT")
    if current is not None:
        if not valid(current):
            return "FORMAT missing, CURRENT unreadable"
        manifest = read(image, current[0])
        if manifest is None or not valid(manifest):
            return "FORMAT missing, manifest unreadable"
        if any(("collection",) in edit for edit in valid(manifest)):
            return "FORMAT missing, there are collections"
    if read(image, "segments"):
        return "FORMAT missing, there are segments"
    return None


def recover(image):
    """(error or None, what is visible)"""
    formats = read(image, "FORMAT")
    if formats is None:
        return without_format(image), set()
    if not valid(formats):
        return "FORMAT unreadable", None
    current = read(image, "CURRENT")
    if current is None:
        return "CURRENT missing", None
    if not valid(current):
        return "CURRENT unreadable", None
    manifest = read(image, current[0])
    if manifest is None:
        return "manifest missing", None
    edits = valid(manifest)
    if not edits:
        return "snapshot unreadable", None
    visible, logs, checkpoints = set(), [], {}
    for operation in itertools.chain(*edits):
        if operation[0] == "collection":
            visible.add("collection")
        elif operation[0] == "log":
            logs.append(operation[1])
        elif operation[0] == "unlog":
            logs.remove(operation[1])
        elif operation[0] == "checkpoint":
            checkpoints[operation[1]] = operation[2]
        elif operation[0] == "file":
            if read(image, operation[1]) != [operation[2]]:
                return "%s missing or damaged" % operation[1], None
    for channel, checkpoint in checkpoints.items():
        visible |= {(channel, row) for row in range(1, checkpoint + 1)}
    following = {channel: checkpoint + 1 for channel, checkpoint in checkpoints.items()}
    for path in logs:
        log = read(image, path)
        if log is None or valid(log)[:1] != ["HEADER"]:
            return "%s missing or without header" % path, None
        for channel, row in valid(log)[1:]:
            if row == following.get(channel, 1):
                visible.add((channel, row))
                following[channel] = row + 1
    return None, visible


def run(skip):
    disk, acked = Disk(), set()
    ops = script(skip)
    images = violations = 0
    first = None
    for k in range(len(ops) + 1):
        for image in disk.images():
            images += 1
            error, visible = recover(image)
            if error is None and not acked <= visible:
                error = "lost %s" % sorted(map(str, acked - visible))
            if error:
                violations += 1
                first = first or "%s (crash after operation %d)" % (error, k)
        if k < len(ops):
            if ops[k][0] == "ack":
                acked.add(ops[k][1])
            else:
                disk.run(ops[k])
    return len(ops) + 1, images, violations, first


def main():
    points, images, violations, first = run(set())
    print("full protocol: crash points %d, images %d, violations %d %s"
          % (points, images, violations, first or ""))
    needed = 0
    for barrier, what in BARRIERS.items():
        points, images, without, first = run({barrier})
        needed += without > 0
        print("without %-4s %-55s images %6d, violations %6d  first: %s"
              % (barrier, what, images, without, first))
    print("FIG protocol.barriers=%d violations=%d" % (needed, violations))
    sys.exit(0 if violations == 0 and needed == len(BARRIERS) else 1)


main()
