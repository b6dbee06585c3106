"""Fifty texts that a model or a row may hold, and that must stay text wherever they are shown.

Each that would run a script sets `window.pwned`; a page is unharmed while that is undefined and it asked no host.
"""

RUN = "window.pwned=1"
MARKUP = [
    f"<script>{RUN}</script>", f"</script><script>{RUN}</script>", f"<!--<script>{RUN}</script>-->",
    f"<img src=x onerror='{RUN}'>", f'"><img src=x onerror="{RUN}">', f"'><svg onload={RUN}>", f"<svg/onload={RUN}>",
    f"<body onload={RUN}>", f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<a href='javascript:{RUN}'>a</a>", f"javascript:{RUN}", f"<details open ontoggle={RUN}>x</details>",
    f"<input autofocus onfocus={RUN}>", "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x>",
    "<base href=https://evil.example/>", "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><button>x</button></form>", "<plaintext>",
    "<textarea>", "<!--", "]]>", "<![CDATA[",
    f"</p></article></main><script>{RUN}</script>", f"<math><mi//xlink:href='data:x,<script>{RUN}</script>'>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;", f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e", "&#60;script&#62;",
    f"<object data='data:text/html,<script>{RUN}</script>'></object>", "<img src=https://evil.example/pixel.png>",
]  # fmt: skip
TEMPLATES = [
    "{{ 7 * 7 }}", "{% for x in y %}", "{# x #}", "${7*7}", "#{7*7}", "$\\frac{1}{$", "`make test`", "$(touch pwned)",
]  # fmt: skip
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", '=HYPERLINK("https://evil.example","x")']
MARKS = [
    "right\u202eto left", "\u2066isolated", "zero\u200bwidth", "line\u2028separator", "\x1b[2J\x1b[31mred", "\x00null",
]  # fmt: skip
LONG = ["x" * 1_000_000]
TEXTS = [*MARKUP, *TEMPLATES, *FORMULAS, *MARKS, *LONG]
HALF = "half of a character: \ud800"  # no file can hold it; a program may hand it over
assert len(TEXTS) >= 50
