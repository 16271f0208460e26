"""Edits a workbook in LibreOffice, as a clerk would: run by LibreOffice's own Python (Debian python3-uno), not by ours.

    python3 office_edit.py SOCKET_NAME IN.xlsx OUT.xlsx EDITS.json

EDITS: a list of [row number from 1, column heading, text]. A cell that the sheet protects cannot be written: the edit is left
out, as in the program itself, and its place is printed.
"""

import json
import sys
import time
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException


def prop(name, value):
    return PropertyValue(Name=name, Value=value)


def desktop(name):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(120):
        try:
            remote = resolver.resolve(f"uno:pipe,name={name};urp;StarOffice.ComponentContext")
            return remote.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", remote)
        except NoConnectException:
            time.sleep(0.5)
    raise SystemExit("LibreOffice did not start")


def main(name, source, target, edits):
    office = desktop(name)
    book = office.loadComponentFromURL(Path(source).resolve().as_uri(), "_blank", 0, (prop("Hidden", True),))
    sheet = book.Sheets.getByIndex(0)
    width = 40
    headings = {sheet.getCellByPosition(column, 0).String: column for column in range(width)}
    for row, heading, text in json.loads(Path(edits).read_text("utf-8")):
        cell = sheet.getCellByPosition(headings[heading], row - 1)
        if sheet.isProtected() and cell.CellProtection.IsLocked:
            print(f"protected: {heading}{row}")
            continue
        cell.setFormula(text)  # what typing does: a date becomes a date, a number a number
    book.storeToURL(Path(target).resolve().as_uri(), (prop("FilterName", "Calc MS Excel 2007 XML"),))
    print("pictures", sheet.DrawPage.Count)
    book.close(True)


main(*sys.argv[1:])
