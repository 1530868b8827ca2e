"""What a power cut may leave of a run, rebuilt from powertrace's notes.

The model is of a file system that keeps its own structure (ext4, xfs, btrfs and their like) and promises nothing else than POSIX does:

* the bytes of a file are safe from the moment when it was fsynced; until then they are there, or as they were at the last fsync (a new
  file: empty), or half there, or zeros of the right length;
* a change of a folder (a name made, removed, renamed, exchanged) is safe from the moment when that folder was fsynced; until then it
  has happened or not, each by itself, but never by halves;
* a symbolic link comes with its target, a mode with its file.

After each change a cut is made, and of what is not safe then, nothing is lost, everything, each set of one or two things, or
everything but one or two."""
import hashlib
import itertools
import os
import stat


class Node:
    def __init__(self, kind, mode=0, data=b"", entries=None):
        self.kind, self.mode, self.data, self.safe = kind, mode, data, data
        self.entries = entries if entries is not None else {}  # those that are safe
        self.whole = {data} if kind == "file" and data else set()  # contents that were meant

    def dirty(self):
        return self.kind == "file" and self.data != self.safe

    def lost(self):
        """What may be found in place of the bytes that are not safe."""
        begin = len(os.path.commonprefix([self.safe, self.data]))
        half = self.data[:begin + (len(self.data) - begin) // 2]
        zeros = self.data[:begin] + b"\0" * (len(self.data) - begin)
        return [d for d in dict.fromkeys([self.safe, half, zeros]) if d != self.data]


class Change:
    """One change of one or two folders: [(folder, name, node or None)]."""

    def __init__(self, deltas):
        self.deltas = deltas


class Model:
    def __init__(self, roots):
        self.nodes, self.roots, self.pending, self.steps = {}, [], [], 0
        self.finals = []  # (name, bytes were safe when it got its final name, its change)
        for r in roots:
            self.roots.append((r, self._read(r)))

    def _read(self, path):
        st = os.lstat(path)
        if stat.S_ISLNK(st.st_mode):
            node = Node("link", 0o777, os.readlink(path).encode())
        elif stat.S_ISDIR(st.st_mode):
            node = Node("dir", stat.S_IMODE(st.st_mode))
            for name in os.listdir(path):
                node.entries[name] = self._read(os.path.join(path, name))
        elif stat.S_ISREG(st.st_mode):
            with open(path, "rb") as f:
                node = Node("file", stat.S_IMODE(st.st_mode), f.read())
        else:
            node = Node("other")
        self.nodes[st.st_ino] = node
        return node

    # ---- the run ----

    def current(self, folder):
        now = dict(folder.entries)
        for change in self.pending:
            for at, name, node in change.deltas:
                if at is folder:
                    now[name] = node
        return {k: v for k, v in now.items() if v is not None}

    def _change(self, *deltas):
        change = Change([d for d in deltas if d[0] is not None])
        self.pending.append(change)
        return change

    def _folder(self, ino):
        return self.nodes.get(int(ino))

    def step(self, event, blob):
        """One line of the notes. True when the content or its safety changed."""
        kind, *f = event
        if kind == "mark":
            return False
        self.steps += 1
        if kind in ("create", "mkdir", "symlink"):
            node = Node({"create": "file", "mkdir": "dir", "symlink": "link"}[kind], int(f[3], 8))
            if kind == "symlink":
                node.data = blob[int(f[4]):int(f[4]) + int(f[5])]
            self.nodes[int(f[2])] = node
            self._change((self._folder(f[0]), name_of(f[1]), node))
        elif kind == "link":
            node = self.nodes[int(f[2])]
            self._final(name_of(f[1]), node, self._change((self._folder(f[0]), name_of(f[1]), node)))
        elif kind == "unlink":
            self._change((self._folder(f[0]), name_of(f[1]), None))
        elif kind == "rename":
            self._rename(self._folder(f[0]), name_of(f[1]), self._folder(f[2]), name_of(f[3]), int(f[4]))
        elif kind == "mode":
            if int(f[0]) in self.nodes:
                self.nodes[int(f[0])].mode = int(f[1], 8)
        elif kind == "write":
            node, at = self.nodes.get(int(f[0])), int(f[1])
            if node:
                node.data = node.data[:at].ljust(at, b"\0") + blob[int(f[2]):int(f[2]) + int(f[3])] + node.data[at + int(f[3]):]
        elif kind == "truncate":
            node = self.nodes.get(int(f[0]))
            if node:
                node.data = node.data[:int(f[1])].ljust(int(f[1]), b"\0")
        elif kind == "fsync":
            self._sync(self.nodes.get(int(f[0])))
        else:
            raise ValueError("no event is called " + kind)
        return True

    def _rename(self, folder, name, to, new, flags):
        node = self.current(folder).get(name) if folder else None
        other = self.current(to).get(new) if to else None
        change = self._change((folder, name, other if flags & 2 else None), (to, new, node))
        if not flags & 2:
            self._final(new, node, change)

    def _final(self, name, node, change):
        if node and node.kind == "file" and not name.startswith("."):
            self.finals.append((name, not node.dirty(), change))

    def _sync(self, node):
        if node is None:
            return
        if node.kind == "file":
            node.safe = node.data
            node.whole.add(node.data)
            return
        rest = []
        for change in self.pending:
            if not any(at is node for at, _, _ in change.deltas):
                rest.append(change)
                continue
            for at, name, what in change.deltas:
                if what is None:
                    at.entries.pop(name, None)
                else:
                    at.entries[name] = what
        self.pending = rest

    # ---- what a cut leaves ----

    def _loose(self):
        """Everything that is not safe, as [(change or node, what may be in place of the bytes)]."""
        dirty, seen = [], set()
        for node in self.nodes.values():
            if node.dirty() and id(node) not in seen:
                seen.add(id(node))
                dirty += [(node, d) for d in node.lost()]
        return [(c, None) for c in self.pending] + dirty

    def cuts(self):
        """The trees that a cut at this moment may leave, as State."""
        loose = self._loose()
        yield State(self, loose, set())
        yield State(self, loose, set(range(len(loose))))
        everything = set(range(len(loose)))
        for size in (1, 2):
            for some in itertools.combinations(range(len(loose)), size):
                yield State(self, loose, set(some))
                yield State(self, loose, everything - set(some))


class State:
    """One tree: {path: (kind, mode, bytes)}."""

    def __init__(self, model, loose, gone):
        lost = {id(loose[i][0]) for i in gone if loose[i][1] is None}
        data = {}
        for i in sorted(gone, reverse=True):  # the first of several losses of one file counts
            if loose[i][1] is not None:
                data[id(loose[i][0])] = loose[i][1]
        made = {}
        for change in model.pending:
            if id(change) in lost:
                continue
            for at, name, node in change.deltas:
                made.setdefault(id(at), {})[name] = node
        self.tree = {}
        for root, node in model.roots:
            self._walk(root, node, made, data, 0)

    def _walk(self, path, node, made, data, depth):
        self.tree[path] = (node.kind, node.mode, data.get(id(node), node.data), node)
        if node.kind != "dir" or depth > 32:
            return
        now = dict(node.entries)
        now.update(made.get(id(node), {}))
        for name, child in now.items():
            if child is not None:
                self._walk(path + "/" + name, child, made, data, depth + 1)

    def key(self):
        h = hashlib.sha256()
        for path in sorted(self.tree):
            kind, mode, data, _ = self.tree[path]
            h.update(b"%s\0%s\0%o\0%d\0%s" % (path.encode(), kind.encode(), mode, len(data), data))
        return h.digest()

    def half_made(self):
        """Files under names of their own (not temporary ones) whose content nobody ever meant."""
        return [p for p, (kind, _, data, node) in self.tree.items()
                if kind == "file" and not any(part.startswith(".") for part in p.split("/")[-2:]) and data not in node.whole]

    def follow(self, path):
        """The bytes of the file that a path leads to, over one symbolic link; None where there is none."""
        found = self.tree.get(path)
        if found and found[0] == "link":
            found = self.tree.get(os.path.normpath(os.path.join(os.path.dirname(path), found[2].decode())))
        return found[2] if found and found[0] == "file" else None

    def write(self, moved):
        """Puts the tree on disk; moved(path) says where."""
        for path in sorted(self.tree):
            kind, mode, data, _ = self.tree[path]
            to = moved(path)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            if kind == "dir":
                os.makedirs(to, exist_ok=True)
                os.chmod(to, mode)
            elif kind == "link":
                os.symlink(data.decode(), to)
            elif kind == "file":
                with open(to, "wb") as f:
                    f.write(data)
                os.chmod(to, mode)


def name_of(text):
    return bytes.fromhex(text).decode()


def events(path):
    with open(path) as f:
        for line in f:
            yield line.rstrip("\n").split("\t")
