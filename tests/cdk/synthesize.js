// Includes a template in a CDK stack and prints what CDK makes of it, with everything that CDK says meanwhile.
const { App, BootstraplessSynthesizer, Stack } = require('aws-cdk-lib')
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include')

const [templateFile, outdir] = process.argv.slice(2)
const app = new App({ analyticsReporting: false, outdir })
// Without the parameter and the rule of CDK's bootstrap stack.
const stack = new Stack(app, 'included', { synthesizer: new BootstraplessSynthesizer() })
new CfnInclude(stack, 'Template', { templateFile })
const { template, messages } = app.synth().getStackByName('included')
console.log(JSON.stringify({ template, messages: messages.map((each) => each.entry.data) }))
