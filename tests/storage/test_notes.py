"""What people said is kept as they said it, in order, and can be read as of an earlier moment."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from domain.alarm import Cause
from domain.human import Note, NoteKind, Party
from storage.journal import open_reader, open_store


def test_notes_come_back_whole_and_in_order(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    notes = [
        Note(10, NoteKind.ATTENDED, "i1", "B1", "Asif", 8, "با لائن", Party.POLICE),
        Note(20, NoteKind.FALSE_ALARM, "i1", "B1", "Bina", 20, cause=Cause.BOX_SILENT),
        Note(30, NoteKind.DISPUTE, "cam-1", "B1", "Bina", 30, "it was up", None, None, 1, 2),
    ]
    with closing(open_reader(tmp_path)) as reader:
        kept = [reader.keep_note(note) for note in notes]
        assert [note.id for note in kept] == [1, 2, 3]
    with closing(open_reader(tmp_path)) as reader:
        assert reader.notes() == kept
        assert reader.notes("i1") == kept[:2]
        assert reader.notes(known_at=20) == kept[:2]
        assert reader.notes(known_at=19) == kept[:1]
        assert kept[2].interval == (1, 2)
        assert kept[0].interval is None
