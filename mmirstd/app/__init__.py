"""The page in the browser: ``make app``, ``python tools/app.py``; needs Gradio (extra ``app``)."""
