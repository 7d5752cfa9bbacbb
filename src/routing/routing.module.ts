import { Module } from '@nestjs/common';
import { DeploymentChooser } from './deployment-chooser.js';
import { Dispatcher } from './dispatcher.js';

/** Which deployment of a group serves a request, and when. */
@Module({ providers: [DeploymentChooser, Dispatcher], exports: [Dispatcher] })
export class RoutingModule {}
