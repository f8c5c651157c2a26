// Includes each template in a CDK stack of its own and prints what CDK makes of them, with everything that CDK says of
// each. In one process, since CDK loads its validator once.
const { App, BootstraplessSynthesizer, Stack } = require('aws-cdk-lib')
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include')

const [outdir, ...templateFiles] = process.argv.slice(2)
const found = templateFiles.map((templateFile, number) => {
  const app = new App({ analyticsReporting: false, outdir: `${outdir}/${number}` })
  // Without the parameter and the rule of CDK's bootstrap stack.
  const stack = new Stack(app, 'included', { synthesizer: new BootstraplessSynthesizer() })
  new CfnInclude(stack, 'Template', { templateFile })
  const { template, messages } = app.synth().getStackByName('included')
  return { template, messages: messages.map((each) => each.entry.data) }
})
console.log(JSON.stringify(found))
