"""Edits of a folder that each leave something as it was: the size, a time, the inode, the name, the mode …"""

from __future__ import annotations

import contextlib
import mmap
import os
import random
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

FOLDERS = ("", "blog", "blog/2026", "img", "Blog2", "blog-old")
NAMES = ("index.html", "404.html", "a.html", "b.html", "A.html", "app.3f2a9c1b.js", "style.css", "data.json", "x",
         "caf\u00e9.html", "sitemap.xml")
TEXTS = ("<p>one</p>", "<p>two</p>", "<p>six</p>", "<p>longer</p>", "", "{}", "body{}", "<p>one</p>\n")


class Edits:
    """Random edits of one folder. Every one is in :attr:`ALL`."""

    def __init__(self, folder: Path, rand: random.Random) -> None:
        self.folder = folder
        self.rand = rand

    # -- what there is ------------------------------------------------------------------------------------

    def fill(self) -> None:
        for name in ("index.html", "404.html"):
            (self.folder / name).write_text(f"<p>{name}</p>", encoding="utf-8")
        for _ in range(self.rand.randrange(8)):
            self.new_file()

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())

    def folders(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_dir() and not path.is_symlink())

    def some_file(self) -> Path:
        return self.rand.choice(self.files())

    def text(self) -> str:
        return self.rand.choice(TEXTS)

    def place(self) -> Path:
        """Where a file may be or come to be."""
        folder = self.folder / self.rand.choice(FOLDERS)
        if folder.exists() and not folder.is_dir():
            folder.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        return folder / self.rand.choice(NAMES)

    def _other(self, file: Path) -> bytes:
        """Another content of the same size, where there is one."""
        return bytes(byte ^ 1 if chr(byte).isalpha() else byte for byte in file.read_bytes())

    # -- edits ----------------------------------------------------------------------------------------------

    def new_file(self) -> None:
        place = self.place()
        if not place.is_dir():
            if place.is_symlink():
                place.unlink()
            place.write_text(self.text(), encoding="utf-8")

    def write(self) -> None:
        self.some_file().write_text(self.text(), encoding="utf-8")

    def append(self) -> None:
        with self.some_file().open("ab") as stream:
            stream.write(b"<!-- -->")

    def same_size(self) -> None:
        file = self.some_file()
        file.write_bytes(self._other(file))

    def same_size_and_time(self) -> None:
        file = self.some_file()
        before = file.stat()
        file.write_bytes(self._other(file))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    def in_place(self) -> None:
        """Without truncating it, and through a mapping."""
        file = self.some_file()
        if not file.stat().st_size:
            return
        before, other = file.stat(), self._other(file)
        with file.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as mapped:
            mapped[:] = other
            mapped.flush()
        if self.rand.random() < 0.5:
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    def replaced_by_rename(self) -> None:
        """The way most editors save; the time of the old file is given to the new one."""
        file = self.some_file()
        before = file.stat()
        new = file.with_name("new.tmp")
        new.write_bytes(self._other(file))
        os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
        new.replace(file)

    def clock_set_back(self) -> None:
        """Written by a computer whose clock is wrong."""
        file = self.some_file()
        file.write_text(self.text(), encoding="utf-8")
        second = self.rand.choice([1, 10**9, 1_600_000_000, 4_000_000_000])
        os.utime(file, (second, second))

    def touch(self) -> None:
        os.utime(self.some_file())

    def all_times_equal(self) -> None:
        """As archives and reproducible builds leave them."""
        for file in self.files():
            os.utime(file, (315_532_800, 315_532_800))

    def mode(self) -> None:
        file = self.some_file()
        file.chmod(file.stat().st_mode ^ 0o111)

    def swap_files(self) -> None:
        one, two = self.some_file(), self.some_file()
        if one != two:
            aside = self.folder / "aside.tmp"
            one.replace(aside)
            two.replace(one)
            aside.replace(two)

    def move_file(self) -> None:
        file, place = self.some_file(), self.place()
        if file.exists() and not place.is_dir() and file != place:
            file.replace(place)

    def copy_with_times(self) -> None:
        file, place = self.some_file(), self.place()
        if file.exists() and not place.is_dir() and not place.is_symlink() and file != place:
            shutil.copy2(file, place)

    def hard_link(self) -> None:
        file, place = self.some_file(), self.place()
        if file.exists() and not place.is_dir() and file != place:
            place.unlink(missing_ok=True)
            os.link(file, place)

    def delete(self) -> None:
        file = self.some_file()
        if file.name not in ("index.html",):
            file.unlink()

    def delete_folder(self) -> None:
        if folders := self.folders():
            shutil.rmtree(self.rand.choice(folders))

    def new_folder(self) -> None:
        (self.folder / self.rand.choice(("empty", "img", "deep/er"))).mkdir(parents=True, exist_ok=True)

    def rename_folder(self) -> None:
        if folders := self.folders():
            folder, new = self.rand.choice(folders), self.folder / self.rand.choice(("moved", "Blog", "img"))
            if not new.exists() and not new.is_relative_to(folder):
                folder.rename(new)

    def swap_folders(self) -> None:
        folders = [folder for folder in self.folders() if folder.parent == self.folder]
        if len(folders) > 1:
            one, two = self.rand.sample(folders, 2)
            aside = self.folder / "aside.tmp"
            one.rename(aside)
            two.rename(one)
            aside.rename(two)

    def file_to_folder(self) -> None:
        file = self.some_file()
        if file.name != "index.html":
            file.unlink()
            file.mkdir()
            (file / "index.html").write_text(self.text(), encoding="utf-8")

    def folder_to_file(self) -> None:
        if folders := self.folders():
            folder = self.rand.choice(folders)
            shutil.rmtree(folder)
            folder.write_text(self.text(), encoding="utf-8")

    def file_to_link(self) -> None:
        file, target = self.some_file(), self.some_file()
        if file != target and file.parent != self.folder:
            file.unlink()
            file.symlink_to(target)

    def links_to_files(self) -> None:
        for path in self.folder.rglob("*"):
            if path.is_symlink():
                path.unlink()
                path.write_text(self.text(), encoding="utf-8")

    def folder_to_link(self) -> None:
        folders = self.folders()
        if len(folders) > 1:
            one, two = self.rand.sample(folders, 2)
            if not two.is_relative_to(one) and not one.is_relative_to(two):
                shutil.rmtree(one)
                one.symlink_to(two)

    def through_another_name(self) -> None:
        """By a hard link that lies outside the folder, with its time put back."""
        file, outside = self.some_file(), self.folder.parent / "another-name"
        outside.unlink(missing_ok=True)
        os.link(file, outside)
        before = file.stat()
        outside.write_bytes(self._other(file))
        os.utime(outside, ns=(before.st_atime_ns, before.st_mtime_ns))

    def times_of_another(self) -> None:
        """`touch -r`, after the content was changed."""
        file, other = self.some_file(), self.some_file()
        file.write_bytes(self._other(file))
        os.utime(file, ns=(other.stat().st_atime_ns, other.stat().st_mtime_ns))

    def copied_over(self) -> None:
        """`cp -p`: into the file that is there."""
        file, place = self.some_file(), self.some_file()
        if file != place:
            shutil.copyfile(file, place)
            shutil.copystat(file, place)

    def restored(self) -> None:
        """Every file anew, with the times that it had: a checkout or a backup that restores them."""
        for file in self.files():
            before, content = file.stat(), self._other(file) if self.rand.random() < 0.3 else file.read_bytes()
            file.unlink()
            file.write_bytes(content)
            file.chmod(before.st_mode)
            os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    def taken_again(self) -> None:
        """Deleted and made anew at once: the file system may give the new file the inode of the old one."""
        file = self.some_file()
        before, content = file.stat(), self._other(file)
        file.unlink()
        file.write_bytes(content)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    def far_away(self) -> None:
        """Times that no 64 bits of nanoseconds hold, where the file system has them."""
        second = self.rand.choice((253_402_300_799, -20_000_000_000, 2**33))
        os.utime(self.some_file(), (second, second))

    def case(self) -> None:
        file = self.some_file()
        new = file.with_name(file.name.swapcase())
        if file.parent != self.folder and not new.exists():
            file.rename(new)

    def accents(self) -> None:
        file = self.some_file()
        form = self.rand.choice(("NFC", "NFD"))
        new = file.with_name(unicodedata.normalize(form, file.name))  # type: ignore[arg-type]
        if not new.exists():
            file.rename(new)

    def ignore_file(self) -> None:
        """Of one size and one time, whatever it says."""
        file = self.folder.parent / ".sitepubignore"
        text = self.rand.choice(("a.html\n", "b.html\n", "blog/.\n", "x     \n", "#     \n"))
        file.write_text(text, encoding="utf-8")
        os.utime(file, (1_600_000_000, 1_600_000_000))

    def rule_file(self) -> None:
        """Rules that decide about all files."""
        name, texts = self.rand.choice((
            ("_headers", ("/*.css\n  Cache-Control: no-store\n", "/*.css\n  Cache-Control: no-cache\n", "")),
            ("_redirects", ("/old /a.html 301\n", "/new /a.html 301\n", ""))))
        file, text = self.folder / name, self.rand.choice(texts)
        if text:
            file.write_text(text, encoding="utf-8")
        else:
            file.unlink(missing_ok=True)

    def ignored_file(self) -> None:
        name = self.rand.choice((".DS_Store", "a.html~", ".gitignore"))
        (self.folder / name).write_text(self.text(), encoding="utf-8")

    def and_back(self) -> None:
        """Changed and changed back: nothing to do, and that has to be found out."""
        file = self.some_file()
        content = file.read_bytes()
        file.write_bytes(b"something else")
        file.write_bytes(content)

    def nothing(self) -> None:
        pass

    def one(self) -> str:
        """One random edit; its name."""
        edit = self.rand.choice(self.ALL)
        with contextlib.suppress(OSError):  # a file in the way of a folder, say: then it is half of an edit
            edit(self)
        return edit.__name__

    ALL: tuple[Callable[[Edits], None], ...] = (
        new_file, write, append, same_size, same_size_and_time, in_place, replaced_by_rename, clock_set_back, touch,
        all_times_equal, mode, swap_files, move_file, copy_with_times, hard_link, delete, delete_folder, new_folder,
        rename_folder, swap_folders, file_to_folder, folder_to_file, file_to_link, links_to_files, folder_to_link,
        through_another_name, times_of_another, copied_over, restored, taken_again, far_away, case,
        accents, ignore_file, rule_file, ignored_file, and_back, nothing)
