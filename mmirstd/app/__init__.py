"""The page in the browser: ``make app``, ``mmirstd app``; needs Gradio (extra ``app``)."""
