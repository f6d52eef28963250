"""Kinds of damage to a recording: what may stand in place of its header, and what between two of its lines."""

from __future__ import annotations

HEADERS = [
    b"", b"null\n", b"[]\n", b"{}\n", b'"x"\n', b"3\n", b"{\n", b'{"version":3\n', b'{"version":0}\n',
    b'{"version":-1}\n',
    b'{"version":"3"}\n', b'{"version":null}\n', b'{"version":1e400}\n', b'{"version":3,"term":7}\n',
    b'{"version":3,"term":{"cols":"x","rows":[]}}\n', b'{"version":3,"term":{"cols":-5,"rows":1e300}}\n',
    b'{"version":3,"term":null,"env":3,"title":{},"timestamp":"y"}\n', b'{"version":2,"width":{},"height":null}\n',
    b'{"version":3,"version":2}\n', b"\0" * 512 + b"\n", b"\xff" * 512 + b"\n", b"\n\n\n", b"# only a note\n",
    "{\"version\":3,\"title\":\"\u202e\x1b]0;x\x07\"}\n".encode(), b'{"version":3,"title":"\\ud800"}\n',
]  # fmt: skip
BETWEEN = [
    b"\n", b"[]\n", b"[[]]\n", b"{}\n", b"null\n", b'[1,"o"]\n', b'["x","o","y"]\n', b'[null,"o","y"]\n', b'[1,2,3]\n',
    b'[1,"o",null]\n', b'[1,"o",{"a":1}]\n', b'[1,"","y"]\n', b'[1,"oo","y"]\n',
    b'[-1e308,"o","y"]\n', b'[true,"o","y"]\n',
    b'[1,"r","x"]\n', b'[1,"r","-5x9"]\n', b'[1,"r","1x1x1"]\n', b'[1,"r",""]\n',
    b'[1,"r","99999999999999999999x1"]\n',
    b'[1,"x","not a number"]\n', b'[1,"m",5]\n', b'[1,"b","%%%%"]\n', b'[1,"b","/w"]\n', b'[1,"b","/w=="]\n',
    b"\0" * 4096, b"\xff" * 4096 + b"\n", b'[1,"o","' + b"\xf0\x9f" + b'"]\n', b'[1,"o","unended\n', b'"]\n',
    b'[1,"o","a"]' * 3 + b"\n", b"\r\n\r\r\n", b"\x0c\x0b\x1c\n", b"[" * 5000 + b"\n", b'{"version":3}\n',
    b'[1,"o","y"],\n', b"// a remark\n", b'[0.0.0,"o","y"]\n', b"\xef\xbb\xbf\n", b'[1,"o","y","z"]\n',
]  # fmt: skip
