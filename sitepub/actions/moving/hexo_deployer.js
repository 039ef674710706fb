'use strict'

// Written by `sitepub init --hexo-deployer`. Hexo loads the scripts of this folder by itself.
//
// With `deploy: {type: sitepub}` in _config.yml, `hexo deploy` and `hexo generate --deploy` publish what was generated.
// Settings beside `type`, all optional:
//   stage: prod          as --stage
//   local: true          publish on this computer
//   command: [python3, -m, sitepub]    the program, when it is not `sitepub` of PATH

const { spawn } = require('child_process')

hexo.extend.deployer.register('sitepub', args => {
  const [program, ...before] = [].concat(args.command || 'sitepub').map(String)
  const options = [...before, 'deploy', '--no-build', '--cwd', hexo.base_dir]
  if (args.stage) options.push('--stage', String(args.stage))
  if (args.local) options.push('--local')
  return new Promise((resolve, reject) => {
    // Hexo ends with a status of its own: the one of sitepub is set last.
    let status = 130
    process.once('exit', () => { if (status) process.exitCode = status })
    let failed = false
    const fail = (number, words) => {
      if (failed) return // a program that could not be started closes, too
      failed = true
      const error = new Error(words)
      error.stack = words // what went wrong stands above; where in this script says nothing
      status = number
      reject(error)
    }
    spawn(program, options, { cwd: hexo.base_dir, stdio: 'inherit' })
      .on('error', error => fail(1, error.code === 'ENOENT'
        ? `${program} was not found on PATH: install sitepub, or set deploy.command in _config.yml`
        : `${program} could not be started: ${error.message}`))
      .on('close', (number, signal) => {
        if (number !== 0) return fail(number || 130, `sitepub ended with ${signal || `status ${number}`}`)
        status = 0
        resolve()
      })
  })
})
