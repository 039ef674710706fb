"""Settings of other publishers (netlify.toml, vercel.json, a Hexo deployer …): what carries over, and what not."""
