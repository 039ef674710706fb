"""Who may do what: ACL, bucket policy, referer."""
