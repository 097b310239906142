"""How the page looks; on a narrow screen the results come first, and what one touches is large enough."""

from __future__ import annotations

#: Only what the browser has: no font is loaded from anywhere.
FONTS = dict(font=['system-ui', 'sans-serif'], font_mono=['ui-monospace', 'monospace'])

CSS = """
.gradio-container { max-width: 1500px !important; margin: 0 auto !important; width: 100%; }
.gradio-container main { width: 100%; }
#header h1 { font-size: 1.5rem; font-weight: 650; margin: 0; }
#header p { margin: .2rem 0 0; opacity: .75; }
.status { --tone: #10b981; padding: .65rem .9rem; border-radius: 8px; border-left: 4px solid var(--tone);
  line-height: 1.45; background: color-mix(in srgb, var(--tone) 10%, transparent); overflow-wrap: anywhere; }
.status[data-state=empty] { --tone: #94a3b8; }
.status[data-state=none], .status[data-state=old] { --tone: #f59e0b; }
.status[data-state=error] { --tone: #dc2626; }
.status b { font-weight: 650; }
.status ul { margin: .3rem 0 0; padding-left: 1.2rem; list-style: disc; }
/* Gradio's bar of pages has one entry, the page itself; links lead to the other one. */
.nav-holder, a[data-sveltekit-reload] { display: none !important; }
.jump, #back { display: none; }
#actions:not(:has(button)) { display: none; }
/* Results of other settings than those that are chosen now. */
#right:has(.status[data-state=old]) #results { opacity: .5; }
.pictures { display: grid; gap: 8px; grid-template-columns: 1fr 1fr; }
.pictures figure:first-child { grid-column: 1 / -1; }
.pictures figure { margin: 0; }
.pictures img { width: 100%; display: block; image-rendering: pixelated; border-radius: 4px; }
.pictures figcaption, .hint { font-size: .8rem; opacity: .75; margin-top: 3px; }
.insets { display: grid; gap: 8px; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); }
.insets img { width: 100%; display: block; image-rendering: auto; border-radius: 4px; }
.heading { font-weight: 600; overflow-wrap: anywhere; }
.heading small { font-weight: 400; opacity: .75; }
.chart { font-size: .8rem; }
.chart .scale { display: flex; justify-content: space-between; opacity: .75; }
.chart .bars { display: flex; align-items: stretch; height: 72px; margin: 3px 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 40%, transparent); }
.chart .bars > span { flex: 1 1 0; min-width: 0; display: flex; align-items: flex-end; cursor: pointer; }
.chart .bars i { width: 100%; background: #10b981; border-inline: .5px solid transparent;
  background-clip: padding-box; }
.chart .bars > .here { background: color-mix(in srgb, #f59e0b 35%, transparent); }
.chart .bars > .here i { background-color: #f59e0b; }
/* Enlarged already; shown smaller, whole lines of pixels would be left out without smoothing. */
#overlay img, #tracked img, #probability img { image-rendering: auto; }
#overlay img { cursor: crosshair; }
#downloads, #actions, #begin, #turn { gap: 8px; }
#downloads button, #downloads a, #actions button, #begin button, #turn button { min-width: 0 !important; }
/* A table's columns keep the width they had; on a narrow screen it scrolls, and does not make the page wider. */
html, body { overflow-x: clip; }
.gradio-container .column { min-width: min(100%, 300px) !important; max-width: 100%; }
#table, #images, #tracks { min-width: 0; max-width: 100%; overflow-x: auto; contain: inline-size; }
/* Nobody copies rows or columns here: a click looks at what is in the line. */
.selection-button { display: none !important; }
/* A long name of a model ends before the arrow. */
#model input { text-overflow: ellipsis; padding-right: 28px; }
footer { display: none !important; }
@media (max-width: 700px) {
  .gradio-container > .main { padding: 8px !important; }
  #main { display: flex; flex-direction: column; flex-wrap: nowrap; }
  #left { display: contents; }
  #upload { order: 1; } #right { order: 2; } #settings { order: 3; }
  #main:has(.status:is([data-state=done], [data-state=none], [data-state=old])) #right { order: 0; }
  #main:has(.status:is([data-state=done], [data-state=none], [data-state=old])) #back { display: block; }
  .jump { display: inline-flex; align-items: center; min-height: 44px; min-width: 44px; margin-right: 1rem;
    text-decoration: underline !important; }
}
@media (max-width: 700px), (pointer: coarse) {
  .gradio-container button, .gradio-container a[download], .gradio-container [role=option],
  .gradio-container input:not([type=file], [type=radio], [type=checkbox]) {
    min-height: 44px !important; min-width: 44px !important; }
  .gradio-container label:has(> input[type=radio]) { min-height: 44px; }
  .gradio-container input[type=range] { height: 44px !important; background-size: 100% 4px !important; }
  #table th, #images th, #tracks th { height: 44px; }
  #table .virtual-row, #images .virtual-row, #tracks .virtual-row { min-height: 44px; }
  .tab-like-container { height: 44px !important; }
  .prose p > a, #file .download a, #file a.download-link {
    display: inline-flex; align-items: center; min-height: 44px; }
}
"""
