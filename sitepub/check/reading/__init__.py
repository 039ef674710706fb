"""References and anchors in pages, stylesheets, sitemaps and feeds. One format a file; nothing is judged here."""
